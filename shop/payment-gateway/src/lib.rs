//! The external payment gateway: a stand-in that behaves like a real one and knows no message of the shop.
