"""Notices of the group become deliveries to rooms."""
