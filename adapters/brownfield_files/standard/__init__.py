"""Public formats that say themselves what their records hold: EDI, HL7, and statements of banks."""
