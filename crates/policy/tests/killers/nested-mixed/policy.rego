package npo.policy

default allow := false

allow if input.source == "test"

deep := [{"a": [{"a": [{"a": [{"a": [{"a": [{"a": [{"a": [{"a": [{"a": [{"a": 1}]}]}]}]}]}]}]}]}]}]

deny contains {"rule": "x", "message": "x"} if count(deep) == 2
