//! Which family of composition a category is drawn in.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Arcs,
    Curtains,
    Dots,
    Waves,
    Field,
    Comedy,
    Talk,
    Quilt,
}

/// Words of a category, in lower case and the singular, and the family they choose. The first that is found wins.
const WORDS: [(&str, Family); 24] = [
    ("comedy", Family::Comedy),
    ("cabaret", Family::Comedy),
    ("talk", Family::Talk),
    ("lecture", Family::Talk),
    ("reading", Family::Talk),
    ("literature", Family::Talk),
    ("theatre", Family::Curtains),
    ("theater", Family::Curtains),
    ("opera", Family::Curtains),
    ("dance", Family::Curtains),
    ("ballet", Family::Curtains),
    ("musical", Family::Curtains),
    ("festival", Family::Waves),
    ("conference", Family::Dots),
    ("congress", Family::Dots),
    ("meetup", Family::Dots),
    ("sport", Family::Field),
    ("football", Family::Field),
    ("concert", Family::Arcs),
    ("music", Family::Arcs),
    ("jazz", Family::Arcs),
    ("rock", Family::Arcs),
    ("classical", Family::Arcs),
    ("club", Family::Arcs),
];

impl Family {
    pub(super) fn of(category: &str) -> Self {
        let category = category.to_lowercase();
        let words: Vec<&str> =
            category.split(|letter: char| !letter.is_alphanumeric()).map(|word| word.strip_suffix('s').unwrap_or(word)).collect();
        WORDS.iter().find(|(word, _)| words.contains(word)).map_or(Self::Quilt, |(_, family)| *family)
    }
}
