# Links that automation must leave alone, by name or glob (`*` matches anything).
package npo.policy

protected_applies if input.action.name in data.protected.actions

protected_by contains pattern if {
	protected_applies
	some pattern in data.protected.links
	glob.match(pattern, null, input.scenario.entity)
}

protected_by contains pattern if {
	protected_applies
	some pattern in data.protected.links
	glob.match(pattern, null, input.action.target)
}

passed contains "protected-link" if {
	protected_applies
	count(protected_by) == 0
}

deny contains {
	"rule": "protected-link",
	"message": sprintf("the link is protected by `%v`", [pattern]),
} if {
	some pattern in protected_by
}
