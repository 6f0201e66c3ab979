# Some actions wait for a maintenance window; times are UTC, weekday 0 is Monday.
# A window ends before `to_minute`; one across midnight is written as two.
package npo.policy

passed contains "maintenance-window" if {
	some window in data.windows
	input.action.name in window.actions
	input.scenario.risk in window.risks
}

deny contains {
	"rule": "maintenance-window",
	"message": sprintf("`%v` at risk `%v` needs a maintenance window, and none is open", [input.action.name, input.scenario.risk]),
} if {
	some window in data.windows
	input.action.name in window.actions
	input.scenario.risk in window.risks
	not window_open
}

window_open if {
	some window in data.windows
	input.action.name in window.actions
	input.scenario.risk in window.risks
	input.now.weekday in window.weekdays
	input.now.minute_of_day >= window.from_minute
	input.now.minute_of_day < window.to_minute
}
