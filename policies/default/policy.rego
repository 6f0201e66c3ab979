# The answer. Every file under rules/ adds to `deny` and to `passed`.
#
# A rule denies when a fact that it needs is missing, and names the fact: what is unknown is not safe.
# `passed` lists the rules that apply. It is read only when nothing denied, so they all held.
#
# Two habits keep this cheap. References to the input are written out (`input.facts.redundancy_left`, never
# `input.facts[name]`), so that verdicts can be remembered by the few values that matter. Conditions are
# written where they are used, because a call to a helper rule costs more than a comparison.
package npo.policy

default allow := false

allow if input.action.name in data.actions[input.scenario.type]
