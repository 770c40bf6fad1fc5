"""Pages and acts that span slices. No models."""
