// A lock file for the go-waku node that the tests talk to; there is no Go code of ours here.
module demls-bridge/tests/servers/gowaku

go 1.23.0

require github.com/waku-org/go-waku v0.10.0

replace github.com/libp2p/go-libp2p-pubsub v0.13.1 => github.com/waku-org/go-libp2p-pubsub v0.13.1-gowaku
