# Links that automation must leave alone: by name, by the start of the name, or by glob.
# Globs are the dearest of the three; `*` matches anything.
package npo.policy

passed contains "protected-link" if input.action.name in data.protected.actions

deny contains {
	"rule": "protected-link",
	"message": sprintf("`%v` is protected by name", [link]),
} if {
	input.action.name in data.protected.actions
	some link in [input.scenario.entity, input.action.target]
	link in data.protected.names
}

deny contains {
	"rule": "protected-link",
	"message": sprintf("`%v` or `%v` starts like a protected link", [input.scenario.entity, input.action.target]),
} if {
	input.action.name in data.protected.actions
	strings.any_prefix_match([input.scenario.entity, input.action.target], data.protected.prefixes)
}

deny contains {
	"rule": "protected-link",
	"message": sprintf("`%v` is protected by `%v`", [link, pattern]),
} if {
	input.action.name in data.protected.actions
	some pattern in data.protected.globs
	some link in [input.scenario.entity, input.action.target]
	glob.match(pattern, null, link)
}
