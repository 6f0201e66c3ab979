# During a change freeze nothing is changed; a freeze ends before its `to`.
# Talking about a problem changes nothing in the network and goes on.
package npo.policy

passed contains "change-freeze" if not input.action.name in data.talk_only

deny contains {
	"rule": "change-freeze",
	"message": sprintf("change freeze `%v` is in force", [freeze.name]),
} if {
	not input.action.name in data.talk_only
	some freeze in data.freezes
	input.now.unix >= freeze.from
	input.now.unix < freeze.to
}
