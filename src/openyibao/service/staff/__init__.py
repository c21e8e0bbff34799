"""The staff API: what people of the handling agency do, as JSON over a session."""
