# What the network model says an action would do: nothing may be cut off, and nothing pushed above its capacity.
# Both facts are computed by npo where it knows the network; without a model there is nothing to judge.
package npo.policy

passed contains "cut-off" if is_number(input.facts.cut_off_gbps)

deny contains {
	"rule": "cut-off",
	"message": sprintf("%v Gbit/s would find no way any more, expected at most %v", [round(input.facts.cut_off_gbps * 1000) / 1000, data.capacity.cut_off_gbps_max]),
} if {
	is_number(input.facts.cut_off_gbps)
	input.facts.cut_off_gbps > data.capacity.cut_off_gbps_max
}

passed contains "overload" if is_number(input.facts.max_utilisation_after)

deny contains {
	"rule": "overload",
	"message": sprintf("directions of links that would be pushed past their limit: %v; the busiest would be filled to %v %% of its capacity, expected at most %v %%", [input.facts.overloaded_links_after, round(input.facts.max_utilisation_after * 1000) / 10, data.capacity.max_utilisation * 100]),
} if {
	is_number(input.facts.max_utilisation_after)
	input.facts.max_utilisation_after > data.capacity.max_utilisation
	is_number(input.facts.overloaded_links_after)
	input.facts.overloaded_links_after > 0
}
