package npo.policy

default allow := false

allow if input.source == "test"

deny contains {"rule": "x", "message": "x"} if http.send({"method": "get", "url": "http://localhost"}).status_code == 200
