/**
 * @file Names of diseases by organ, and pairs that mean the same: what text towers are looked at with (survey Fig. 16). The
 * usual diseases of each organ in reports, 20 to 30 an organ; a disease of several organs stands under each.
 */

export const diseases: Readonly<Record<string, readonly string[]>> = {
  chest: [
    ...['atelectasis', 'bronchiectasis', 'cardiomegaly', 'chronic obstructive pulmonary disease', 'consolidation'],
    ...['emphysema', 'hiatal hernia', 'interstitial lung disease', 'lung abscess', 'lung cancer', 'lung nodule'],
    ...['mesothelioma', 'pleural effusion', 'pleural thickening', 'pneumonia', 'pneumothorax', 'pulmonary edema'],
    ...['pulmonary embolism', 'pulmonary fibrosis', 'rib fracture', 'sarcoidosis', 'silicosis', 'tuberculosis'],
  ],
  brain: [
    ...['acoustic neuroma', 'Alzheimer disease', 'arteriovenous malformation', 'brain abscess', 'brain metastasis'],
    ...['cerebral aneurysm', 'cerebral atrophy', 'cerebral infarction', 'encephalitis', 'epidural hematoma'],
    ...['glioblastoma', 'hydrocephalus', 'intracerebral hemorrhage', 'leukoencephalopathy', 'medulloblastoma'],
    ...['meningioma', 'meningitis', 'multiple sclerosis', 'Parkinson disease', 'pituitary adenoma'],
    ...['subarachnoid hemorrhage', 'subdural hematoma', 'venous sinus thrombosis'],
  ],
  breast: [
    ...['atypical ductal hyperplasia', 'breast abscess', 'breast cyst', 'duct ectasia', 'ductal carcinoma in situ'],
    ...['fat necrosis', 'fibroadenoma', 'fibrocystic change', 'galactocele', 'gynecomastia', 'hamartoma'],
    ...['inflammatory breast cancer', 'intraductal papilloma', 'invasive ductal carcinoma'],
    ...['invasive lobular carcinoma', 'lobular carcinoma in situ', 'mastitis', 'medullary carcinoma'],
    ...['mucinous carcinoma', 'Paget disease', 'phyllodes tumor', 'radial scar', 'sclerosing adenosis'],
  ],
  skin: [
    ...['acne', 'actinic keratosis', 'angioma', 'atopic dermatitis', 'basal cell carcinoma', 'cellulitis'],
    ...['contact dermatitis', 'dermatofibroma', 'eczema', 'herpes zoster', 'impetigo', 'keloid', 'lichen planus'],
    ...['melanoma', 'nevus', 'psoriasis', 'rosacea', 'scabies', 'seborrheic keratosis', 'squamous cell carcinoma'],
    ...['tinea corporis', 'urticaria', 'vitiligo', 'wart'],
  ],
  eye: [
    ...['age-related macular degeneration', 'branch retinal vein occlusion', 'cataract', 'central serous retinopathy'],
    ...['choroidal melanoma', 'choroidal neovascularization', 'cystoid macular edema', 'diabetic macular edema'],
    ...['diabetic retinopathy', 'drusen', 'epiretinal membrane', 'glaucoma', 'hypertensive retinopathy'],
    ...['keratitis', 'macular hole', 'optic neuritis', 'papilledema', 'pathologic myopia', 'retinal detachment'],
    ...['retinitis pigmentosa', 'retinoblastoma', 'uveitis', 'vitreous hemorrhage'],
  ],
  abdomen: [
    ...['abdominal aortic aneurysm', 'appendicitis', 'ascites', 'bowel obstruction', 'cholangiocarcinoma'],
    ...['cholecystitis', 'cirrhosis', 'colorectal cancer', 'Crohn disease', 'diverticulitis', 'gallstones'],
    ...['gastric ulcer', 'hepatic steatosis', 'hepatocellular carcinoma', 'hydronephrosis', 'kidney stone'],
    ...['liver abscess', 'pancreatic cancer', 'pancreatitis', 'renal cell carcinoma', 'renal cyst', 'splenomegaly'],
    ...['ulcerative colitis'],
  ],
}

/** Two names of one thing. */
export const synonyms: readonly (readonly [string, string])[] = [
  ['cardiomegaly', 'enlarged heart'],
  ['pleural effusion', 'pleural fluid'],
  ['pneumothorax', 'collapsed lung'],
  ['lung cancer', 'bronchogenic carcinoma'],
  ['lung nodule', 'coin lesion of the lung'],
  ['pulmonary edema', 'fluid in the lungs'],
  ['atelectasis', 'collapse of lung tissue'],
  ['hiatal hernia', 'diaphragmatic hernia of the stomach'],
  ['cerebral infarction', 'ischemic stroke'],
  ['intracerebral hemorrhage', 'bleeding in the brain'],
  ['acoustic neuroma', 'vestibular schwannoma'],
  ['brain metastasis', 'secondary brain tumor'],
  ['hydrocephalus', 'enlarged ventricles of the brain'],
  ['mastitis', 'inflammation of the breast'],
  ['gynecomastia', 'enlarged male breast'],
  ['invasive ductal carcinoma', 'infiltrating carcinoma of the breast ducts'],
  ['nevus', 'mole'],
  ['herpes zoster', 'shingles'],
  ['urticaria', 'hives'],
  ['eczema', 'dermatitis'],
  ['wart', 'verruca'],
  ['tinea corporis', 'ringworm'],
  ['papilledema', 'swelling of the optic disc'],
  ['cataract', 'clouding of the lens'],
  ['glaucoma', 'raised pressure in the eye'],
  ['keratitis', 'inflammation of the cornea'],
  ['gallstones', 'cholelithiasis'],
  ['kidney stone', 'nephrolithiasis'],
  ['hepatic steatosis', 'fatty liver'],
  ['renal cell carcinoma', 'kidney cancer'],
  ['hepatocellular carcinoma', 'primary liver cancer'],
  ['splenomegaly', 'enlarged spleen'],
]
