package npo.policy

default allow := false

allow if input.source == "test"

d0 := data.seed

d1 := array.concat(d0, d0)

d2 := array.concat(d1, d1)

d3 := array.concat(d2, d2)

d4 := array.concat(d3, d3)

d5 := array.concat(d4, d4)

d6 := array.concat(d5, d5)

d7 := array.concat(d6, d6)

d8 := array.concat(d7, d7)

d9 := array.concat(d8, d8)

d10 := array.concat(d9, d9)

d11 := array.concat(d10, d10)

d12 := array.concat(d11, d11)

d13 := array.concat(d12, d12)

d14 := array.concat(d13, d13)

d15 := array.concat(d14, d14)

d16 := array.concat(d15, d15)

d17 := array.concat(d16, d16)

d18 := array.concat(d17, d17)

d19 := array.concat(d18, d18)

d20 := array.concat(d19, d19)

d21 := array.concat(d20, d20)

d22 := array.concat(d21, d21)

d23 := array.concat(d22, d22)

d24 := array.concat(d23, d23)

d25 := array.concat(d24, d24)

d26 := array.concat(d25, d25)

d27 := array.concat(d26, d26)

d28 := array.concat(d27, d27)

d29 := array.concat(d28, d28)

d30 := array.concat(d29, d29)

deny contains {"rule": "x", "message": "x"} if count(d30) == 1
