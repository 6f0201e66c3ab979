package npo.policy

default allow := false

allow if input.source == "test"

deny contains {"rule": "x", "message": "x"} if count(numbers.range(1, input.features.n)) > 5
