package npo.policy

default allow := false

allow if input.source == "test"

reject := true
