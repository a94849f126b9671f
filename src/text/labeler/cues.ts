/**
 * @file Words that say whether what is named is there: the kinds of NegEx and ConText with the order of precedence of the
 * CheXpert labeler (Irvin et al. 2019). The lists are our own selection.
 */

/** Where a cue looks for what it speaks of. */
export type CueKind =
  /** What follows is not there. */
  | 'denies'
  /** What stands before is not there. */
  | 'denied'
  /** Doubt in the form of a denial, on either side; looked at before denials. */
  | 'open'
  /** What follows may be there. */
  | 'doubts'
  /** What stands before may be there. */
  | 'doubted'
  /** What follows was there once, or is asked about: nothing is said of now. */
  | 'elsewhere'
  /** Looks like a cue and is none. */
  | 'nothing'
  /** Ends the reach of cues on both sides. */
  | 'end'

const lines = (text: string): string[] => text.split(';').map((phrase) => phrase.trim())

/** Cues by kind. */
export const cues: Readonly<Record<CueKind, readonly string[]>> = {
  denies: lines(`no; not; without; no evidence of; no radiographic evidence of; no sign of; no suspicious; no focal;
    no large; no definite; no obvious; no convincing; no appreciable; no visible; no evidence for; negative for; free of;
    clear of; absence of; lack of; fails to show; does not show; do not see; neither; nor; never; rather than; instead of;
    resolution of; interval resolution of; removal of; interval removal of; status post removal of; excludes; rules out;
    resolved`),
  denied: lines(`is absent; are absent; absent; not seen; is not seen; are not seen; not identified; is not identified;
    are not identified; not visualized; is not visualized; not demonstrated; is not demonstrated; not present;
    is not present; are not present; not evident; is not evident; has resolved; have resolved; resolved; has cleared;
    have cleared; no longer seen; is no longer seen; are no longer seen; no longer present; is no longer present;
    no longer visualized; no longer evident; was ruled out; is ruled out; has been removed; have been removed; removed;
    within normal limits; within limits of normal`),
  open: lines(`cannot exclude; can not exclude; cannot be excluded; can not be excluded; could not be excluded;
    not excluded; is not excluded; are not excluded; cannot rule out; not ruled out; cannot be ruled out; no new;
    no definite new; difficult to exclude; without excluding; may not be excluded; not entirely excluded`),
  doubts: lines(`possible; possibly; probable; probably; likely; most likely; suspected; suspicious for; suspicion of;
    suspicion for; concern for; concerning for; worrisome for; question of; questionable; query; may represent;
    might represent; could represent; may reflect; might reflect; could reflect; may be; might be; could be; may indicate;
    may relate to; may be due to; could be due to; suggestive of; suggesting; suggest; favor; favored to be;
    favored to represent; differential includes; differential diagnosis includes; versus; vs; presumed; apparent;
    equivocal; potentially; cannot be distinguished from`),
  doubted:
    lines(`is possible; are possible; is suspected; are suspected; is questioned; is likely; is not entirely clear;
    should be considered; to be considered; in the differential; unlikely; is unlikely; less likely; versus; vs`),
  elsewhere: lines(`history of; status post; prior; previous; previously; evaluate for; assess for; rule out;
    please assess; in case of; comparison`),
  nothing: lines(`no change; no interval change; no significant change; no significant interval change; no increase;
    no further; no improvement; not only; not necessarily; without change; without significant change;
    not certain whether; gram negative; no better; no worse; previously seen; previously noted; previously described;
    not significantly changed; not changed; has not changed; have not changed; no significant increase`),
  end: lines(`but; however; although; though; except; except for; aside from; apart from; other than;
    with the exception of; which; yet; nevertheless; still; secondary to; due to; because of; causing; there is;
    there are; now; with; showing`),
}

/** Verbs behind which a sentence begins to say something else: a cue does not reach across. */
export const verbs: ReadonlySet<string> = new Set(
  lines(`is; are; was; were; has; have; appear; remain; persist; show; demonstrate; reveal; obscure; suggest`),
)

/** Words that keep a list going. */
export const listWords: ReadonlySet<string> = new Set([',', 'or', 'and', 'nor', '/'])

/** Words that open a statement of its own behind a comma or "and". */
export const openers: ReadonlySet<string> = new Set(['the', 'there', 'stable', 'unchanged', 'again', 'heart', 'lung'])
