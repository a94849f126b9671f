/** @file Modifiers of the chest ontology. */

/** One row a line: id | name | group | modifies | synonyms | description; lists are separated by semicolons, `-` is an empty one. */
export const modifierRows = `
M01 | minimal | severity | C01 | trace; tiny; subtle; faint; slight; minimally | The smallest amount or degree that can still be seen.
M02 | mild | severity | C01 | mildly; minor; small; borderline | A small amount or degree.
M03 | moderate | severity | C01 | moderately; medium | A clearly visible but not extreme amount or degree.
M04 | severe | severity | C01 | severely; large; massive; marked; markedly; extensive; gross | A large amount or extreme degree.
M05 | acute | chronicity | C01 | new; recent; newly developed | Arisen recently.
M06 | chronic | chronicity | C01 | old; longstanding; long-standing; remote; healed | Present for a long time.
M07 | stable | change | C01 | unchanged; similar; no significant change; constant; persistent | Same as on an earlier image.
M08 | improved | change | C01 | improving; decreased; decreasing; smaller; resolving; better; interval improvement | Less than on an earlier image.
M09 | worsened | change | C01 | worsening; increased; increasing; larger; progressed; progression; interval increase | More than on an earlier image.
M10 | resolved | change | C01 | no longer seen; cleared; interval resolution | Seen before and gone now (sets the assertion to absent).
M11 | focal | distribution | C02;C07 | localized; localised; solitary; single; discrete | Limited to one place.
M12 | multifocal | distribution | C02;C07 | multiple; scattered; several; numerous | Present in several separate places.
M13 | diffuse | distribution | C02;C09 | widespread; generalized; extensive bilateral | Spread over most of the organ.
M14 | patchy | distribution | C02 | mottled; irregular patches | In uneven separate patches.
M15 | linear | form | C02;C07 | streaky; streak-like; band-like; bandlike; plate-like | In the form of a line or band.
M16 | rounded | form | C02;C07 | round; nodular; ovoid | In the form of a ball.
M17 | hazy | form | C03 | ill-defined; indistinct; fuzzy | Without a sharp edge.
M18 | well-defined | form | C05 | sharp; sharply marginated; well-circumscribed; smooth | With a sharp edge.
M19 | spiculated | form | C05 | irregular margins; lobulated | With an uneven or star-like edge.
M20 | calcified | density | C01 | calcific; densely calcified | Containing calcium, very bright.
M21 | dense | density | C02 | homogeneous; confluent | Uniformly white.
M22 | cavitating | density | C05 | cavitated; with central lucency | With a dark centre.
M23 | right | side | C01 | right-sided; rightward | On the patient's right side.
M24 | left | side | C01 | left-sided; leftward | On the patient's left side.
M25 | bilateral | side | C01 | both; bilaterally; bi | On both sides.
M26 | upper | level | C02;C07 | superior; upper zone; apical | In the upper part.
M27 | middle | level | C02 | mid; mid zone | In the middle part.
M28 | lower | level | C02;C07 | inferior; basilar; basal; lower zone | In the lower part.
M29 | central | depth | C02;C09 | perihilar; medial | Near the hila or the midline.
M30 | peripheral | depth | C02;C07 | lateral; subpleural; outer | Near the chest wall.
M31 | layering | form | C07 | free-flowing; dependent | Moving with gravity.
M32 | loculated | form | C07 | encapsulated; trapped | Not moving freely.
M33 | displaced | alignment | C17 | angulated; offset | With the bone ends moved apart.
M34 | nondisplaced | alignment | C17 | non-displaced; undisplaced | With the bone ends in place.
M35 | in standard position | placement | C14 | in appropriate position; in satisfactory position; well positioned; in expected position | The device lies where it should.
M36 | high-lying | placement | C14 | too high; withdrawn; proximal | The device tip is too far out.
M37 | low-lying | placement | C14 | too low; advanced too far; distal | The device tip is too far in.
`
