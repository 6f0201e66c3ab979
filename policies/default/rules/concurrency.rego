# A site takes only so many changes at a time.
package npo.policy

passed contains "site-concurrency" if not input.action.name in data.talk_only

deny contains {
	"rule": "site-concurrency",
	"message": sprintf("%v actions are in flight at site `%v`, expected fewer than %v", [input.context.in_flight.site, input.scenario.site, data.concurrency.in_flight_per_site_max]),
} if {
	not input.action.name in data.talk_only
	input.context.in_flight.site >= data.concurrency.in_flight_per_site_max
}
