"""Evidence: what the system computes, set beside what was published or what can be worked out by hand."""
