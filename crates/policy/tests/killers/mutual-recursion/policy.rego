package npo.policy

default allow := false

allow if input.source == "test"

even(n) if odd(n - 1)

odd(n) if even(n - 1)

deny contains {"rule": "x", "message": "x"} if even(7)
