"""What a request is refused with."""


class Refusal(Exception):
    """A request is not answered.

    Parameters
    ----------
    status : int
        HTTP's number for it, 400 to 499.
    words : str
        What is wrong, and what to do; the page shows it.
    **headers : str
        What HTTP wants to be said besides.
    """

    def __init__(self, status, words, **headers):
        super().__init__(words)
        self.status = status
        self.words = words
        self.headers = headers
