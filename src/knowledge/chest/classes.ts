/** @file Classes of the chest ontology that group findings. */

/** One row a line: id | name | is-a | located-in | synonyms | description; lists are separated by semicolons, `-` is an empty one. */
export const classRows = `
C01 | chest radiograph finding | - | A00 | finding; abnormality; abnormal finding; process | Anything that can be reported on a chest radiograph other than normal anatomy.
C02 | lung parenchymal abnormality | C01 | A01 | parenchymal abnormality; parenchymal disease; pulmonary process | An abnormality of the lung tissue itself.
C03 | airspace disease | C02 | A56 | air space disease; airspace process; airspace opacification; alveolar disease | Lung tissue whose air has been replaced by fluid, pus, blood or cells, so that it looks white.
C04 | interstitial abnormality | C02 | A55 | interstitial disease; interstitial process; interstitial prominence; interstitial pattern | Thickening of the supporting tissue of the lung, seen as lines, nets or small dots.
C05 | focal lung lesion | C02 | A01 | lung lesion; pulmonary lesion; ~lesion | A localised, more or less round abnormality of the lung.
C06 | aeration abnormality | C02 | A01 | aeration change; abnormal lung volume; ~aeration | Too much or too little air in the lung or in a part of it.
C07 | pleural abnormality | C01 | A26 | pleural disease; pleural process; pleural finding | An abnormality of the pleural lining or of the space between its layers.
C08 | cardiomediastinal abnormality | C01 | A38 | mediastinal abnormality; cardiomediastinal disease | An abnormality of size, shape or position of heart or mediastinum.
C09 | pulmonary vascular abnormality | C01 | A53 | vascular abnormality; abnormal vascularity | A change of size, number or sharpness of the lung vessels.
C10 | airway abnormality | C01 | A52 | airway disease; bronchial abnormality; airways disease | An abnormality of the trachea or bronchi.
C11 | skeletal abnormality | C01 | A57 | bony abnormality; osseous abnormality; bone lesion | An abnormality of the bones shown on the image.
C12 | abnormal gas collection | C01 | A00 | extraluminal air; free gas; ~free air | Gas outside the lungs and the gut, where normally there is none.
C13 | diaphragm or abdominal abnormality | C01 | A35 | diaphragmatic abnormality; abdominal abnormality | An abnormality of the diaphragm or of the organs below it.
C14 | support device | C01 | A00 | support devices; medical device; hardware; device; tubes and lines | A man-made object placed for monitoring or treatment and visible on the image.
C15 | infection of the lung | C02 | A01 | infection; infectious process; pulmonary infection; infectious | Disease of the lung caused by bacteria, viruses, fungi or mycobacteria.
C16 | thoracic neoplasm | C01 | A00 | neoplasm; malignancy; tumor; tumour; neoplastic process; cancer | Abnormal new growth of tissue in the chest, benign or malignant.
C17 | fracture | C11 | A57 | fractures; fractured; bone fracture | A break in a bone, seen as a dark line, a step or a change of shape.
`
