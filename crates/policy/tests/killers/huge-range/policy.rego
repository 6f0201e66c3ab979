package npo.policy

default allow := false

allow if input.source == "test"

deny contains {"rule": "x", "message": "x"} if count(numbers.range(1, 1000000000)) > 5
