# What nginx says of itself, as lines of JSON like everybody else's log: it has no format of its own for these. What is no line of
# its error log (of a library, of the start) is a message all the same.
s/\\/\\\\/g
s/"/\\"/g
s/\t/\\t/g
s/[[:cntrl:]]//g
s|^([0-9]{4})/([0-9]{2})/([0-9]{2}) ([0-9:]{8}) \[([a-z]+)\] (.*)$|{"timestamp":"\1-\2-\3T\4Z","service":"edge","level":"\5","message":"\6"}|
t
s|.*|{"service":"edge","level":"error","message":"&"}|
