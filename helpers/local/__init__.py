"""The local stand-ins: brokers, registry and AWS as processes of this machine."""
