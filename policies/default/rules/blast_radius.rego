# How much traffic an action may touch, by risk class: in Gbit/s, as a share of the site, or both.
package npo.policy

passed contains "blast-radius" if input.action.name in data.blast_radius.actions

deny contains {
	"rule": "blast-radius",
	"message": "facts `blast_radius_gbps` and `blast_radius_share` are missing or not numbers, expected at least one",
} if {
	input.action.name in data.blast_radius.actions
	not is_number(input.facts.blast_radius_gbps)
	not is_number(input.facts.blast_radius_share)
}

deny contains {
	"rule": "blast-radius",
	"message": sprintf("risk class `%v` has no blast radius limit", [input.scenario.risk]),
} if {
	input.action.name in data.blast_radius.actions
	not data.blast_radius.max[input.scenario.risk]
}

deny contains {
	"rule": "blast-radius",
	"message": sprintf("%v Gbit/s are affected, expected at most %v at risk `%v`", [round(input.facts.blast_radius_gbps * 100) / 100, limit, input.scenario.risk]),
} if {
	input.action.name in data.blast_radius.actions
	is_number(input.facts.blast_radius_gbps)
	limit := data.blast_radius.max[input.scenario.risk].gbps
	input.facts.blast_radius_gbps > limit
}

deny contains {
	"rule": "blast-radius",
	"message": sprintf("a share of %v of the traffic is affected, expected at most %v at risk `%v`", [round(input.facts.blast_radius_share * 1000) / 1000, limit, input.scenario.risk]),
} if {
	input.action.name in data.blast_radius.actions
	is_number(input.facts.blast_radius_share)
	limit := data.blast_radius.max[input.scenario.risk].share
	input.facts.blast_radius_share > limit
}
