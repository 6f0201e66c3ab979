# Each scenario type has a list of actions; nothing else may be done about it.
package npo.policy

action_known if input.action.name in data.actions[input.scenario.type]

passed contains "action-allow-list" if action_known

deny contains {
	"rule": "action-allow-list",
	"message": sprintf("action `%v` is not on the list of scenario type `%v`", [input.action.name, input.scenario.type]),
} if {
	not action_known
}

# Talking about a problem changes nothing in the network.
talk_only if input.action.name in data.talk_only
