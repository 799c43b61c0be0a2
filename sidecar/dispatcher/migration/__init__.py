"""Existing n8n workflows, rewritten so that their model calls go to AI Dispatch: text in, text and a report out."""
