package npo.policy

default allow := false

allow if input.source == "test"

count_down(n) := count_down(n - 1)

deny contains {"rule": "x", "message": "x"} if count_down(1) == 0
