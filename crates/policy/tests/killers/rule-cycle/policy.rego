package npo.policy

default allow := false

allow if input.source == "test"

first if second

second if third

third if data.npo.policy.first

deny contains {"rule": "x", "message": "x"} if first
