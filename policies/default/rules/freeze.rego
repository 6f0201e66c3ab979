# During a change freeze nothing is changed; a freeze ends before its `to`.
package npo.policy

freeze_names contains freeze.name if {
	some freeze in data.freezes
	input.now.unix >= freeze.from
	input.now.unix < freeze.to
}

passed contains "change-freeze" if {
	not talk_only
	count(freeze_names) == 0
}

deny contains {
	"rule": "change-freeze",
	"message": sprintf("change freeze `%v` is in force", [name]),
} if {
	not talk_only
	some name in freeze_names
}
