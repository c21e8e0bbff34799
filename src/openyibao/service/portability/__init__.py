"""Care out of area: a person of one region treated in another, between two platforms. Protocol: docs/out-of-area.md."""
