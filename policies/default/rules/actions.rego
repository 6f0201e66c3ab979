# Each scenario type has a list of actions; nothing else may be done about it.
package npo.policy

passed contains "action-allow-list"

deny contains {
	"rule": "action-allow-list",
	"message": sprintf("action `%v` is not on the list of scenario type `%v`", [input.action.name, input.scenario.type]),
} if {
	not allow
}
