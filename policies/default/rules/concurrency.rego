# A site takes only so many changes at a time.
package npo.policy

site_has_room if input.context.in_flight.site < data.concurrency.in_flight_per_site_max

passed contains "site-concurrency" if {
	not talk_only
	site_has_room
}

deny contains {
	"rule": "site-concurrency",
	"message": sprintf("%v actions are in flight at site `%v`, expected fewer than %v", [input.context.in_flight.site, input.scenario.site, data.concurrency.in_flight_per_site_max]),
} if {
	not talk_only
	not site_has_room
}
