"""CASE 1.0 and 1.1 packages: competency frameworks from an endpoint or from files."""
