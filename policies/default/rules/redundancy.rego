# An action that takes capacity away must leave enough links in the group.
package npo.policy

passed contains "redundancy" if input.action.name in data.redundancy.actions

deny contains {
	"rule": "redundancy",
	"message": "fact `redundancy_left` (links that remain in the group) is missing or not a number",
} if {
	input.action.name in data.redundancy.actions
	not is_number(input.facts.redundancy_left)
}

deny contains {
	"rule": "redundancy",
	"message": sprintf("%v links would remain in the group, expected at least %v", [input.facts.redundancy_left, data.redundancy.links_left_min]),
} if {
	input.action.name in data.redundancy.actions
	is_number(input.facts.redundancy_left)
	input.facts.redundancy_left < data.redundancy.links_left_min
}
