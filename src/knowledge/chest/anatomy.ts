/** @file Anatomy of the chest ontology: 67 places, written for this project from general knowledge. */

/** One row a line: id | name | part-of | side | box | synonyms | description; lists are separated by semicolons, `-` is an empty one. */
export const anatomyRows = `
A00 | thorax | - | none | 0,0,1,1 | chest; thoracic cavity; hemithorax | The region between neck and abdomen that is shown on a chest radiograph, holding lungs, heart and great vessels.
A01 | lung | A00 | both | 0.08,0.10,0.92,0.85 | lungs; pulmonary parenchyma; lung fields; bilateral lungs | The paired air-filled organs of breathing, which appear dark because most of their volume is air.
A02 | right lung | A01 | right | 0.08,0.10,0.47,0.83 | right lung field; right hemithorax | The lung on the patient's right side, on the left of the image, made of three lobes.
A03 | left lung | A01 | left | 0.53,0.10,0.92,0.85 | left lung field; left hemithorax | The lung on the patient's left side, on the right of the image, made of two lobes.
A04 | right upper lobe | A02 | right | 0.12,0.10,0.45,0.45 | rul; right upper lung lobe | The highest lobe of the right lung, above the minor fissure.
A05 | right middle lobe | A02 | right | 0.18,0.45,0.47,0.72 | rml; right middle lung lobe | The wedge of right lung that touches the right heart border, between minor and major fissure.
A06 | right lower lobe | A02 | right | 0.08,0.50,0.45,0.83 | rll; right lower lung lobe | The lowest and rear lobe of the right lung, resting on the right hemidiaphragm.
A07 | left upper lobe | A03 | left | 0.55,0.10,0.90,0.60 | lul; left upper lung lobe | The upper and front lobe of the left lung, including the lingula.
A08 | lingula | A07 | left | 0.55,0.48,0.78,0.72 | lingular segment; lingular | The tongue-shaped lower part of the left upper lobe, next to the left heart border.
A09 | left lower lobe | A03 | left | 0.58,0.50,0.92,0.85 | lll; left lower lung lobe | The lowest and rear lobe of the left lung, partly hidden behind the heart.
A10 | right upper lung zone | A02 | right | 0.12,0.10,0.46,0.35 | right upper zone; right upper lung | The upper third of the right lung as seen on a frontal view, regardless of lobe.
A11 | right mid lung zone | A02 | right | 0.10,0.35,0.46,0.58 | right mid zone; right midlung; right mid lung | The middle third of the right lung on a frontal view.
A12 | right lower lung zone | A02 | right | 0.08,0.58,0.46,0.83 | right lower zone; right lower lung | The lower third of the right lung on a frontal view.
A13 | left upper lung zone | A03 | left | 0.54,0.10,0.88,0.35 | left upper zone; left upper lung | The upper third of the left lung on a frontal view.
A14 | left mid lung zone | A03 | left | 0.54,0.35,0.90,0.58 | left mid zone; left midlung; left mid lung | The middle third of the left lung on a frontal view.
A15 | left lower lung zone | A03 | left | 0.54,0.58,0.92,0.85 | left lower zone; left lower lung | The lower third of the left lung on a frontal view.
A16 | right lung apex | A10 | right | 0.20,0.08,0.44,0.22 | right apex; right apical region; right apical | The tip of the right lung above the clavicle.
A17 | left lung apex | A13 | left | 0.56,0.08,0.80,0.22 | left apex; left apical region; left apical | The tip of the left lung above the clavicle.
A18 | lung apices | A01 | both | 0.20,0.08,0.80,0.22 | apices; biapical; lung apex; apical | Both lung tips considered together, or one tip when no side is named.
A19 | right lung base | A12 | right | 0.08,0.68,0.45,0.84 | right base; right basilar; right basal | The part of the right lung just above the diaphragm.
A20 | left lung base | A15 | left | 0.55,0.68,0.92,0.86 | left base; left basilar; left basal | The part of the left lung just above the diaphragm.
A21 | lung bases | A01 | both | 0.08,0.68,0.92,0.86 | bases; bibasilar; bibasal; basilar; basal | Both lung bases considered together, or one base when no side is named.
A22 | pulmonary hilum | A00 | none | 0.34,0.36,0.66,0.55 | hila; hilar; hilum; hilar region | The root of a lung, where the main bronchus and the large pulmonary vessels enter.
A23 | right hilum | A22 | right | 0.34,0.38,0.46,0.55 | right hilar; right hilar region | The root of the right lung, usually slightly lower than the left one.
A24 | left hilum | A22 | left | 0.54,0.36,0.66,0.53 | left hilar; left hilar region | The root of the left lung, usually slightly higher than the right one.
A25 | perihilar region | A01 | both | 0.28,0.32,0.72,0.60 | perihilar; infrahilar; parahilar | The central lung that surrounds the hila, where vessels and airways are large.
A26 | pleura | A00 | none | 0.05,0.08,0.95,0.88 | pleural; pleural space; pleural cavity; pleural surface | The thin double lining around each lung and the potential space between its two layers.
A27 | right pleural space | A26 | right | 0.05,0.08,0.46,0.87 | right pleural; right pleura | The pleural lining and space around the right lung.
A28 | left pleural space | A26 | left | 0.54,0.08,0.95,0.88 | left pleural; left pleura | The pleural lining and space around the left lung.
A29 | costophrenic angle | A26 | none | 0.04,0.74,0.96,0.90 | costophrenic; cp angle; costophrenic sulcus; costophrenic angles | The sharp corner between the chest wall and the diaphragm where fluid first collects.
A30 | right costophrenic angle | A29 | right | 0.04,0.74,0.22,0.89 | right costophrenic; right cp angle; right costophrenic sulcus | The outer lower corner of the right pleural space.
A31 | left costophrenic angle | A29 | left | 0.78,0.74,0.96,0.90 | left costophrenic; left cp angle; left costophrenic sulcus | The outer lower corner of the left pleural space.
A32 | cardiophrenic angle | A00 | none | 0.36,0.72,0.66,0.86 | cardiophrenic; cardiophrenic sulcus | The corner between the heart border and the diaphragm.
A33 | interlobar fissure | A26 | none | 0.10,0.40,0.90,0.70 | fissure; fissures; major fissure; oblique fissure | A fold of pleura that separates neighbouring lobes and is seen as a thin line.
A34 | minor fissure | A33 | right | 0.10,0.44,0.44,0.50 | horizontal fissure | The horizontal pleural fold between right upper and right middle lobe.
A35 | diaphragm | A00 | both | 0.06,0.76,0.94,0.92 | hemidiaphragm; hemidiaphragms; diaphragms; diaphragmatic | The dome-shaped muscle under the lungs, seen as a smooth curved edge on each side.
A36 | right hemidiaphragm | A35 | right | 0.06,0.76,0.48,0.90 | right diaphragm; right hemidiaphragmatic | The right dome of the diaphragm, normally a little higher than the left because of the liver.
A37 | left hemidiaphragm | A35 | left | 0.52,0.78,0.94,0.92 | left diaphragm; left hemidiaphragmatic | The left dome of the diaphragm, with the stomach bubble below it.
A38 | mediastinum | A00 | midline | 0.36,0.10,0.66,0.80 | mediastinal; cardiomediastinum; cardiomediastinal; mediastinal silhouette; cardiomediastinal silhouette | The central compartment between the lungs that holds heart, great vessels, trachea, esophagus and lymph nodes.
A39 | heart | A38 | midline | 0.36,0.48,0.72,0.80 | cardiac; cardiac silhouette; heart size; cardiac size; cardiac shadow; cardiac contour | The muscular pump seen as the large white silhouette above the diaphragm, mostly left of the midline.
A40 | right heart border | A39 | right | 0.36,0.52,0.44,0.78 | right cardiac border; right atrial border | The right edge of the heart shadow, formed by the right atrium.
A41 | left heart border | A39 | left | 0.56,0.50,0.72,0.80 | left cardiac border; left ventricular border; cardiac apex | The left edge of the heart shadow, formed by the left ventricle.
A42 | retrocardiac region | A09 | left | 0.52,0.55,0.68,0.82 | retrocardiac; behind the heart; retrocardiac area | The part of the left lower lung that is projected behind the heart.
A43 | thoracic aorta | A38 | left | 0.48,0.20,0.62,0.75 | aorta; aortic; descending aorta; ascending aorta; aortic contour | The main artery from the heart, seen along the left side of the mediastinum.
A44 | aortic arch | A43 | left | 0.52,0.22,0.62,0.34 | aortic knob; aortic knuckle; arch | The curve of the aorta that forms a knob at the upper left of the mediastinum.
A45 | superior vena cava | A38 | right | 0.40,0.20,0.48,0.45 | svc; superior caval vein | The large vein that returns blood from head and arms to the right atrium.
A46 | cavoatrial junction | A45 | right | 0.40,0.42,0.48,0.52 | superior cavoatrial junction; cavo-atrial junction | The point where the superior vena cava enters the right atrium, the usual target of central line tips.
A47 | right atrium | A39 | right | 0.37,0.52,0.48,0.76 | right atrial | The heart chamber that receives venous blood and forms the right heart border.
A48 | right ventricle | A39 | midline | 0.44,0.60,0.60,0.80 | right ventricular | The heart chamber that pumps blood into the pulmonary arteries.
A49 | left atrium | A39 | midline | 0.44,0.48,0.58,0.58 | left atrial; left atrial appendage | The heart chamber below the carina that receives blood from the lungs.
A50 | trachea | A38 | midline | 0.46,0.04,0.54,0.34 | tracheal; windpipe; tracheal air column | The central airway, a vertical dark band in the upper midline.
A51 | carina | A50 | midline | 0.47,0.32,0.54,0.38 | carinal; tracheal bifurcation | The point where the trachea divides into the two main bronchi.
A52 | main bronchus | A38 | none | 0.38,0.34,0.62,0.46 | bronchus; bronchi; bronchial; mainstem bronchus; right mainstem; left mainstem | The first branch of the airway on either side below the carina.
A53 | pulmonary vasculature | A01 | both | 0.20,0.25,0.80,0.75 | pulmonary vessels; pulmonary vascular; vascularity; vascular markings; bronchovascular markings | The arteries and veins that branch through the lungs and produce most of the normal lung markings.
A54 | pulmonary artery | A53 | none | 0.36,0.34,0.64,0.50 | pulmonary arteries; main pulmonary artery; pulmonary arterial | The large vessel and its branches carrying blood from the right ventricle to the lungs.
A55 | pulmonary interstitium | A01 | both | 0.10,0.12,0.90,0.84 | interstitium; interstitial; interstitial markings; interstitial space | The supporting tissue of the lung between air spaces, around vessels, airways and septa.
A56 | airspace | A01 | both | 0.10,0.12,0.90,0.84 | air space; alveoli; alveolar; airspaces | The air-containing part of the lung where gas exchange takes place.
A57 | rib | A00 | both | 0.04,0.08,0.96,0.85 | ribs; costal; rib cage | The curved bones that form the chest wall, seen as oblique bands over the lungs.
A58 | clavicle | A00 | both | 0.14,0.10,0.86,0.20 | clavicles; collarbone; clavicular | The paired collar bones crossing the lung apices.
A59 | thoracic spine | A00 | midline | 0.46,0.05,0.54,0.95 | spine; spinal; vertebra; vertebrae; vertebral body; vertebral; thoracic vertebral bodies | The column of vertebrae behind the mediastinum.
A60 | shoulder girdle | A00 | both | 0.00,0.05,1.00,0.30 | shoulder; scapula; humerus; humeral head; acromioclavicular joint | The bones and joints of the shoulders at the upper outer edges of the image.
A61 | sternum | A00 | midline | 0.45,0.22,0.56,0.70 | sternal; breastbone | The flat bone at the front of the chest, overlapped by the mediastinum on frontal views.
A62 | chest wall soft tissue | A00 | both | 0.00,0.10,1.00,0.95 | soft tissues; soft tissue; chest wall; axilla; breast | The skin, fat and muscle outside the rib cage.
A63 | stomach | A00 | left | 0.60,0.84,0.85,0.98 | gastric; gastric bubble; stomach bubble; fundus | The abdominal organ whose air bubble is seen under the left diaphragm.
A64 | upper abdomen | A00 | none | 0.05,0.86,0.95,1.00 | abdomen; abdominal; subdiaphragmatic space; subdiaphragmatic | The part of the abdomen included below the diaphragm on a chest image.
A65 | esophagus | A38 | midline | 0.46,0.15,0.56,0.85 | esophageal; oesophagus; gastroesophageal junction | The food tube that runs behind the heart to the stomach.
A66 | neck base | A00 | midline | 0.30,0.00,0.70,0.12 | neck; supraclavicular region; thoracic inlet; supraclavicular | The lower neck included at the top of a chest image.
`
