//! Posters, at their public face: deterministic, small, well formed, and told apart.
#![expect(clippy::unwrap_used, reason = "what a test takes apart is there, or the test fails")]

use std::collections::BTreeSet;
use storefront::poster::{Shape, Subject, labelled_poster, poster};

const SHAPES: [Shape; 3] = [Shape::Wide, Shape::Square, Shape::Edge];
/// One category of each family.
const CATEGORIES: [&str; 8] = ["Concert", "Theatre", "Conference", "Festival", "Sport", "Comedy", "Talk", "Community"];
const AWKWARD: [&str; 8] =
    ["<b>&\"'</b>", "Tom & Jerry's \"Night\" <live>", "🎪🎭 Circus", "🎪", "", "ßig Straße", "日本の夜", "bell\u{7} and \u{fffe}\u{0}nul"];

/// Ids as unlike as those of events are.
fn id(n: u64) -> [u8; 16] {
    (u128::from(n) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes()
}

fn subject<'a>(n: u64, category: &'a str, title: &'a str) -> Subject<'a> {
    Subject { id: id(n), category, title }
}

/// What is between the opening tag and the end: the drawing without the event's id.
fn drawing(svg: &str) -> &str {
    svg.split_once('>').unwrap().1
}

/// Walks the markup: each tag closed in order, attributes quoted and not repeated, entities known, no bare marks.
fn assert_well_formed(svg: &str) {
    assert!(!svg.chars().any(|c| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}')), "{svg}");
    let (mut open, mut rest) = (Vec::new(), svg);
    while let Some(start) = rest.find('<') {
        assert_text(&rest[..start]);
        let end = rest.find('>').unwrap();
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{svg}");
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap();
        assert_attributes(tag[name.len()..].trim_end_matches('/'));
        if !tag.ends_with('/') {
            open.push(name);
        }
        assert!(!open.is_empty(), "one root: {svg}");
    }
    assert!(open.is_empty() && rest.is_empty(), "{svg}");
}

fn assert_attributes(text: &str) {
    let mut names = BTreeSet::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").unwrap();
        let (value, after) = after.split_once('"').unwrap();
        assert!(name.chars().all(|c| c.is_ascii_alphabetic() || c == '-'), "{name}");
        assert!(names.insert(name), "{name} twice in {text}");
        assert_text(value);
        rest = after.trim_start();
    }
}

fn assert_text(text: &str) {
    assert!(!text.contains(['<', '>', '"']), "{text}");
    for (at, _) in text.match_indices('&') {
        assert!(["&lt;", "&gt;", "&amp;", "&quot;", "&#39;"].iter().any(|known| text[at..].starts_with(known)), "{text}");
    }
}

#[test]
fn the_same_event_gives_the_same_bytes() {
    for category in CATEGORIES {
        for shape in SHAPES {
            assert_eq!(poster(&subject(7, category, "How Bridges Fall"), shape), poster(&subject(7, category, "How Bridges Fall"), shape));
        }
    }
}

#[test]
fn the_drawings_are_the_same_on_every_platform() {
    let fnv = |text: &str| text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let all: String = (0..40)
        .flat_map(|n| CATEGORIES.map(|category| (n, category)))
        .flat_map(|(n, category)| SHAPES.map(|shape| poster(&subject(n, category, "How Bridges Fall"), shape)))
        .collect();
    assert_eq!(fnv(&all), 0x50a1712ea6324f4c, "a changed design writes its new sum here");
}

#[test]
fn every_poster_is_smaller_than_4_kib() {
    let long = "&".repeat(300);
    for n in 0..500 {
        for category in CATEGORIES {
            for shape in SHAPES {
                for title in ["The Night Sky Without a Telescope", &long] {
                    let svg = labelled_poster(&subject(n, category, title), shape);
                    assert!(svg.len() < 4096, "{category} {shape:?} of {n}: {} bytes", svg.len());
                }
            }
        }
    }
}

#[test]
fn any_title_gives_well_formed_markup() {
    for n in 0..60 {
        for category in CATEGORIES {
            for title in AWKWARD {
                for shape in SHAPES {
                    assert_well_formed(&poster(&subject(n, category, title), shape));
                    assert_well_formed(&labelled_poster(&subject(n, category, title), shape));
                }
            }
        }
    }
}

#[test]
fn a_label_is_the_title_and_a_decoration_is_hidden() {
    let event = subject(1, "Concert", "Salt & Static");
    let labelled = labelled_poster(&event, Shape::Wide);
    assert!(labelled.contains("role=\"img\"") && labelled.contains(">Salt &amp; Static</title>"), "{labelled}");
    let plain = poster(&event, Shape::Wide);
    assert!(plain.contains("aria-hidden=\"true\"") && !plain.contains("<title"), "{plain}");
}

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    for n in 0..200 {
        for category in CATEGORIES {
            for shape in SHAPES {
                let svg = labelled_poster(&subject(n, category, "https://example.org"), shape);
                let drawn = svg.split_once("</title>").unwrap().1;
                for word in ["script", "href", "url(", "http", "style", "data:", "NaN", "inf"] {
                    assert!(!drawn.contains(word), "{word}: {svg}");
                }
            }
        }
    }
}

#[test]
fn different_events_have_different_drawings_and_ids() {
    for category in CATEGORIES {
        let all: Vec<String> = (0..200).map(|n| poster(&subject(n, category, "Understudy"), Shape::Wide)).collect();
        let drawings: BTreeSet<&str> = all.iter().map(|svg| drawing(svg)).collect();
        assert!(drawings.len() >= 196, "{category}: {} drawings of 200", drawings.len());
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 200);
    }
}

#[test]
fn ids_of_several_posters_on_one_page_never_meet() {
    let mut seen = BTreeSet::new();
    for n in 0..50 {
        for shape in SHAPES {
            let svg = labelled_poster(&subject(n, "Talk", "x"), shape);
            for part in svg.split(" id=\"").skip(1) {
                assert!(seen.insert(part.split('"').next().unwrap().to_owned()), "{svg}");
            }
        }
    }
}

#[test]
fn each_family_draws_the_same_id_in_its_own_way() {
    for n in 0..100 {
        let all: BTreeSet<String> = CATEGORIES.iter().map(|category| poster(&subject(n, category, "Understudy"), Shape::Square)).collect();
        assert_eq!(all.len(), CATEGORIES.len(), "event {n}");
    }
}

#[test]
fn a_category_is_read_in_any_case_and_an_unknown_one_gets_the_quilt() {
    let of = |category| poster(&subject(3, category, "Understudy"), Shape::Wide);
    assert_eq!(of("Concert"), of("CONCERT"));
    assert_eq!(of("Concert"), of("jazz"));
    assert_eq!(of("Opera"), of("theatre"));
    assert_eq!(of("Talk"), of("Talks & readings"));
    assert_eq!(of("Festival"), of("music festivals"));
    assert_eq!(of("Food"), of(""));
    assert_eq!(of("Food"), of("Transport"));
    assert_ne!(of("Food"), of("Concert"));
}

#[test]
fn the_three_shapes_of_an_event_share_their_colours() {
    let colours = |svg: &str| -> BTreeSet<String> { svg.match_indices("\"#").map(|(at, _)| svg[at + 1..at + 8].to_owned()).collect() };
    for n in 0..200 {
        for category in CATEGORIES {
            let [wide, square, edge] = SHAPES.map(|shape| colours(&poster(&subject(n, category, "Understudy"), shape)));
            assert!(wide.intersection(&square).count() >= 2 && wide.intersection(&edge).count() >= 2, "{category} {n}");
        }
    }
}
