/** @file Public label sets over the chest ontology: a label holds if any of its ids or one of their subclasses does. */

/** One row a line: set | label | ids; lists are separated by semicolons, `-` is an empty one. */
export const labelSetRows = `
CheXpert | No Finding | F01
CheXpert | Enlarged Cardiomediastinum | F24;F64;F68
CheXpert | Cardiomegaly | F23
CheXpert | Lung Lesion | F43;F44;F45;F47;F48
CheXpert | Lung Opacity | F03;C03;C04;F42
CheXpert | Edema | F15;F18;F22
CheXpert | Consolidation | F04
CheXpert | Pneumonia | F08;C15
CheXpert | Atelectasis | F26
CheXpert | Pneumothorax | F54
CheXpert | Pleural Effusion | F49;F50
CheXpert | Pleural Other | F57;F59
CheXpert | Fracture | C17
CheXpert | Support Devices | C14
ChestX-ray14 | Atelectasis | F26
ChestX-ray14 | Cardiomegaly | F23
ChestX-ray14 | Effusion | F49
ChestX-ray14 | Infiltration | F06
ChestX-ray14 | Mass | F44
ChestX-ray14 | Nodule | F43
ChestX-ray14 | Pneumonia | F08
ChestX-ray14 | Pneumothorax | F54
ChestX-ray14 | Consolidation | F04
ChestX-ray14 | Edema | F15
ChestX-ray14 | Emphysema | F33
ChestX-ray14 | Fibrosis | F41
ChestX-ray14 | Pleural Thickening | F57
ChestX-ray14 | Hernia | F71
RSNA Pneumonia | Lung Opacity | F04;F06;F08
SIIM-ACR | Pneumothorax | F54
COVIDx | COVID-19 pneumonia | F11
`
