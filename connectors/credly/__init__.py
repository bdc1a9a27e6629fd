"""Credly v1: badge templates and issued badges of one organisation."""
