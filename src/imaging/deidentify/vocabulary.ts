/**
 * @file Words that may stay in descriptions: what cleaning keeps, while every other word goes. An allow-list cannot let a
 * name through by being unfamiliar with it.
 */

const words = `
a above acquisition adc after ap and angiography angio ankle anterior aorta aortic apex apical arch arm arms arterial artery
arteries at axial axis bases basal base bed bilateral bladder blood body bolus bone bones both brain breast breasts bronchial
bronchus by calcaneus cardiac carotid cavity cc cerebral cervical chest cine clavicle clear coccyx collapse colon color
compression cone consolidation contrast cor coronal coronary cr cranial cranio craniocaudal ct ctpa cxr dce decubitus deep
delayed density diagnosis diastole diffuse diffusion disc dose dorsal dual dwi dx dynamic early echo edema effusion elbow
emphysema enhanced enlarged epi equilibrium erect exam examination exhale expiration expiratory extremity eye face fast fat
femur fetal fibrosis field filter fine finding findings finger flair flash flexion foot forearm fossa fracture frame from
frontal full fundus gadolinium gated gradient hand haste head heart hepatic high hip humerus hyperinflation hypertrophy image
images imaging impression in increased infiltrate inferior inhale initial inspiration inspiratory interstitial intra inversion iv
joint kernel kidney kidneys knee kub laminar lao lat lateral late left leg lingula limb liver lobe local localizer long low lower
lumbar lung lungs ls lymph mass maxillary maximum mean medial mediastinal mediastinum medium mammogram mammography mandible
map measurement mesh midline mild minimum mip mlo moderate motion mpr mr mra mri mrv multi nasal native neck negative nodule
no non none normal not nuclear oblique of opacity open optic orbit orbits ovary pa pancreas paranasal pat patella pd pelvis
perfusion pet phase planar plain plane pleural pleura pneumonia pneumothorax portable portal positive post posterior pre pressure
prone prostate protocol proton protons pulmonary pylorus quiet radius range rao recon reconstruction rectum reformat renal report
rest retrocardiac rib ribs right routine sacrum sag sagittal sat saturation scan scapula scout screening se sella series severe
shoulder short sinus sinuses sitting skull slab slice slices small soft spect spin spine spleen standard standing sternum
stenosis stomach stress study subtraction superior supine surview swi systole t1 t2 t1w t2w technique temporal test thick thin
thoracic thorax thumb thyroid tibia time tissue to tof toes topogram tra transversal transverse tse tube turbo two ulna
ultrasound unchanged unit up upper upright uptake ureter us uterus valve vascular vein venous ventral ventricle vertebra view views
vein vessel volume weighted whole window windows with without wrist x xa xray ray
atelectasis cardiomegaly hyperexpanded lesion lesions bilaterally measuring measures diameter length width area size stable
new old since prior comparison compared indication history procedure conclusion recommendation follow title document heading
section text code sample observation context mode direct patient observer recording name organization reference diagnosis finding
yes unknown certain probable possible likely unlikely present absent seen detected was is are there cm mm hu ml kg min sec year
years days weeks months percent units left-sided right-sided
`
const allowed = new Set(words.split(/\s+/).filter((word) => word !== ''))

/** Numbers with at most four digits a part, and measures such as 5mm, 3.5, 10%, 2x3. Longer ones may be identifiers. */
const measure =
  /^[<>~=+-]?\d{1,3}(?:[.,]\d{1,3})?(?:mm|cm|ml|s|ms|hu|kv|ma|t|%|mm2|cm2|ml\/s)?(?:x\d{1,3}(?:\.\d{1,2})?(?:mm|cm)?)?$/

/** Whether a word may stay. Case does not matter. */
export function isAllowedWord(word: string): boolean {
  const plain = word.toLowerCase()
  return allowed.has(plain) || measure.test(plain)
}

/** A text without the words that are not known to be harmless; '' when none is left. Line breaks stay. */
export function cleanText(text: string): string {
  const kept = text
    .split(/\r?\n/)
    .map((line) =>
      line
        .split(/[^\p{L}\p{M}\p{N}.,%<>~=+\-/]+/u)
        .map(cleanWord)
        .filter((word) => word !== '')
        .join(' '),
    )
    .join('\n')
    .trim()
  return /[a-z0-9]/i.test(kept) ? kept : ''
}

/** A word with its punctuation, if it and, for words with hyphens or slashes, all its parts may stay. */
function cleanWord(word: string): string {
  const core = word.replace(/^[.,]+|[.,]+$/g, '')
  if (core === '') return ''
  return isAllowedWord(core) || core.split(/[-/]/).every((part) => part !== '' && isAllowedWord(part)) ? word : ''
}
