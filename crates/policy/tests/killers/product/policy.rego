package npo.policy

default allow := false

allow if input.source == "test"

xs := data.xs

deny contains {"rule": "x", "message": "x"} if count([1 | some a in xs; some b in xs; some c in xs; some d in xs; some e in xs; some f in xs]) > 5
