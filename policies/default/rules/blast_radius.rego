# How much traffic an action may touch, by risk class: in Gbit/s, as a share of the site, or both.
package npo.policy

blast_applies if input.action.name in data.blast_radius.actions

blast_gbps_known if is_number(input.facts.blast_radius_gbps)

blast_share_known if is_number(input.facts.blast_radius_share)

blast_known if blast_gbps_known

blast_known if blast_share_known

blast_risk_known if {
	data.blast_radius.gbps_max[input.scenario.risk]
	data.blast_radius.share_max[input.scenario.risk]
}

blast_over if {
	blast_gbps_known
	input.facts.blast_radius_gbps > data.blast_radius.gbps_max[input.scenario.risk]
}

blast_over if {
	blast_share_known
	input.facts.blast_radius_share > data.blast_radius.share_max[input.scenario.risk]
}

passed contains "blast-radius" if {
	blast_applies
	blast_known
	blast_risk_known
	not blast_over
}

deny contains {
	"rule": "blast-radius",
	"message": "facts `blast_radius_gbps` and `blast_radius_share` are missing or not numbers, expected at least one",
} if {
	blast_applies
	not blast_known
}

deny contains {
	"rule": "blast-radius",
	"message": sprintf("risk class `%v` has no blast radius limit", [input.scenario.risk]),
} if {
	blast_applies
	not blast_risk_known
}

deny contains {
	"rule": "blast-radius",
	"message": sprintf("%v Gbit/s are affected, expected at most %v at risk `%v`", [input.facts.blast_radius_gbps, limit, input.scenario.risk]),
} if {
	blast_applies
	blast_gbps_known
	limit := data.blast_radius.gbps_max[input.scenario.risk]
	input.facts.blast_radius_gbps > limit
}

deny contains {
	"rule": "blast-radius",
	"message": sprintf("a share of %v of the traffic is affected, expected at most %v at risk `%v`", [input.facts.blast_radius_share, limit, input.scenario.risk]),
} if {
	blast_applies
	blast_share_known
	limit := data.blast_radius.share_max[input.scenario.risk]
	input.facts.blast_radius_share > limit
}
