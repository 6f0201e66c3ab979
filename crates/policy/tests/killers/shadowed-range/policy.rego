package npo.policy

default allow := false

allow if input.source == "test"

import_me := 1

deny contains {"rule": "x", "message": "x"} if count(numbers.range_step(1, 1000000000, 1)) > 5
