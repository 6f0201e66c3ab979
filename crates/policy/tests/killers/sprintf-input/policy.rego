package npo.policy

default allow := false

allow if input.source == "test"

deny contains {"rule": "x", "message": "x"} if sprintf(input.source, [1]) == ""
