"""Manual reimbursement: bills that a person paid in full and brings to the agency."""
