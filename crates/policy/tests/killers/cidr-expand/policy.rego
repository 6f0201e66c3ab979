package npo.policy

default allow := false

allow if input.source == "test"

deny contains {"rule": "x", "message": "x"} if count(net.cidr_expand("10.0.0.0/8")) > 5
