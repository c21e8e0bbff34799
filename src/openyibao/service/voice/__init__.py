"""What people ask and tell: questions with answers of the agency, and ratings of institutions after a visit.

Nobody signs in and no name is kept. What is shown has been decided on by two persons of the agency, or is a sum of
several ratings.
"""
