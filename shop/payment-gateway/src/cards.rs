//! What each card number does, and what of a card is kept. The number itself goes no further than this file.

use std::time::Duration;

use crate::error::ApiError;

/// How long the confirm of a slow card takes to be answered.
pub(crate) const SLOW: Duration = Duration::from_secs(5);

/// What a card does when it is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Succeeds,
    Declines(Decline),
    /// Succeeds, and says so after [`SLOW`].
    AnswersLate,
    /// Succeeds, and the connection breaks before the answer.
    DropsConnection,
    /// Succeeds, and the answer is 500.
    AnswersError,
}

/// Why a card is declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decline {
    Generic,
    InsufficientFunds,
    ExpiredCard,
    IncorrectCvc,
    ProcessingError,
    AuthenticationRequired,
}

/// What is kept of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) behaviour: Behaviour,
    pub(crate) brand: String,
    pub(crate) last4: String,
}

const CARDS: [(&str, Behaviour); 13] = [
    ("4242424242424242", Behaviour::Succeeds),
    ("4000000000000002", Behaviour::Declines(Decline::Generic)),
    ("4000000000009995", Behaviour::Declines(Decline::InsufficientFunds)),
    ("4000000000000069", Behaviour::Declines(Decline::ExpiredCard)),
    ("4000000000000127", Behaviour::Declines(Decline::IncorrectCvc)),
    ("4000000000000119", Behaviour::Declines(Decline::ProcessingError)),
    ("4000002500003155", Behaviour::Declines(Decline::AuthenticationRequired)),
    ("4000990000000103", Behaviour::AnswersLate),
    ("4000990000000202", Behaviour::DropsConnection),
    ("4000990000000301", Behaviour::AnswersError),
    ("4000990000000400", Behaviour::Succeeds),
    ("4000990000000509", Behaviour::Succeeds),
    ("4000990000000608", Behaviour::Succeeds),
];

/// Whether the gateway takes this card number; spaces and hyphens do not count.
#[must_use]
pub fn is_known_card(number: &str) -> bool {
    Card::read(number).is_ok()
}

/// Every card that is taken, in groups of four digits, and in words what it does.
pub(crate) fn examples() -> impl Iterator<Item = (String, &'static str)> {
    CARDS.iter().map(|(number, behaviour)| {
        let groups: Vec<&str> = (0..number.len()).step_by(4).filter_map(|start| number.get(start..start + 4)).collect();
        (groups.join(" "), behaviour.words())
    })
}

impl Card {
    /// The card with this number.
    ///
    /// # Errors
    /// `incorrect_number` for any number but those above, without repeating it.
    pub(crate) fn read(number: &str) -> Result<Self, ApiError> {
        let digits: String = number.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        let known = CARDS.iter().find(|(card, _)| *card == digits);
        let Some((number, behaviour)) = known else {
            return Err(ApiError::card("incorrect_number", "Your card number is incorrect.").param("card[number]"));
        };
        Ok(Self { behaviour: *behaviour, brand: "visa".to_owned(), last4: number[number.len() - 4..].to_owned() })
    }
}

impl Behaviour {
    /// The word under which it is stored.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Succeeds => "succeeds",
            Self::Declines(decline) => decline.name(),
            Self::AnswersLate => "answers_late",
            Self::DropsConnection => "drops_connection",
            Self::AnswersError => "answers_error",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Succeeds => "pays",
            Self::Declines(Decline::Generic) => "is declined",
            Self::Declines(Decline::InsufficientFunds) => "is declined: not enough money",
            Self::Declines(Decline::ExpiredCard) => "is declined: expired",
            Self::Declines(Decline::IncorrectCvc) => "is declined: wrong security code",
            Self::Declines(Decline::ProcessingError) => "is declined: the bank has a problem",
            Self::Declines(Decline::AuthenticationRequired) => "is declined: the bank asks for more proof",
            Self::AnswersLate => "pays, and takes its time",
            Self::DropsConnection => "pays, and the connection breaks",
            Self::AnswersError => "pays, and reports an error",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        CARDS.iter().map(|(_, behaviour)| *behaviour).find(|behaviour| behaviour.name() == name)
    }
}

impl Decline {
    /// Stripe's decline code, and the word under which it is stored.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Generic => "generic_decline",
            Self::InsufficientFunds => "insufficient_funds",
            Self::ExpiredCard => "expired_card",
            Self::IncorrectCvc => "incorrect_cvc",
            Self::ProcessingError => "processing_error",
            Self::AuthenticationRequired => "authentication_required",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match Behaviour::from_name(name) {
            Some(Behaviour::Declines(decline)) => Some(decline),
            _ => None,
        }
    }

    /// The card error that a confirm of such a card is answered with.
    pub(crate) fn error(self) -> ApiError {
        let (code, message) = match self {
            Self::Generic => ("card_declined", "Your card was declined."),
            Self::InsufficientFunds => ("card_declined", "Your card has insufficient funds."),
            Self::ExpiredCard => ("expired_card", "Your card has expired."),
            Self::IncorrectCvc => ("incorrect_cvc", "Your card's security code is incorrect."),
            Self::ProcessingError => ("processing_error", "An error occurred while processing your card. Try again in a little bit."),
            Self::AuthenticationRequired => {
                ("authentication_required", "Your card was declined. This transaction requires authentication.")
            }
        };
        ApiError::card(code, message).decline_code(self.name())
    }
}
