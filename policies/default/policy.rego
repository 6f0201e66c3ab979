# The answer. Every rule under rules/ adds to `deny` and to `passed`.
#
# A rule denies when a fact that it needs is missing, and names the fact: what is unknown is not safe.
# References to the input are written out (`input.facts.redundancy_left`, never `input.facts[name]`), so
# that verdicts can be remembered by the few facts that matter.
package npo.policy

default allow := false

allow if action_known
