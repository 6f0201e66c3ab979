# An action that takes capacity away must leave enough links in the group.
package npo.policy

redundancy_applies if input.action.name in data.redundancy.actions

redundancy_known if is_number(input.facts.redundancy_left)

redundancy_held if {
	redundancy_known
	input.facts.redundancy_left >= data.redundancy.links_left_min
}

passed contains "redundancy" if {
	redundancy_applies
	redundancy_held
}

deny contains {
	"rule": "redundancy",
	"message": "fact `redundancy_left` (links that remain in the group) is missing or not a number",
} if {
	redundancy_applies
	not redundancy_known
}

deny contains {
	"rule": "redundancy",
	"message": sprintf("%v links would remain in the group, expected at least %v", [input.facts.redundancy_left, data.redundancy.links_left_min]),
} if {
	redundancy_applies
	redundancy_known
	not redundancy_held
}
